DROP TABLE offer_refusal;
DROP TABLE plan;
DROP TABLE machine;
